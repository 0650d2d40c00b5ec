"""What the product is measured against: programs of their own, run as commands."""
