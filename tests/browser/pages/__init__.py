"""Pages to look at: each function makes what its page shows, opens it, and brings it into its state."""
