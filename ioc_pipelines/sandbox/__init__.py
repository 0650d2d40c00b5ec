"""Simulated agency systems of a province, for demonstrations and tests.

What belongs here: files and databases as agencies really keep them, written from a seed and a
day, with a known share of defects and the answer key to them. One module per simulated system.
Nothing here reads a feed or judges a row; the answer key says what a right judgement would be.
"""
