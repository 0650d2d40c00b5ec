"""What each dataset must be: one pandera model per dataset, found by itself."""
