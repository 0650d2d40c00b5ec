"""What there is: profiles, agencies, feeds and contracts, read from reviewed files and checked."""
