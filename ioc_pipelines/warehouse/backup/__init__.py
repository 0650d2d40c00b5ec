"""Back a profile up into an encrypted archive, verify it, restore it, rehearse that (L18, B21)."""
