"""What people read of the system: documents made from contracts, status, refused rows."""
