"""What every view may use."""
