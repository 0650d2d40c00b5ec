"""One module per simulated feed: what its system holds on a day, and the answers to it.

Each has ``FEED`` and ``write(root, world)``, which writes below ``root`` what the system holds at
the start of ``world.as_of`` and returns the answers; ``province.py`` finds them by themselves.
"""
