"""Prove that every rule of every contract refuses what it is there for, and nothing else."""
