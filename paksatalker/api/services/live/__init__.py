"""Live sessions: who speaks, who listens, and what is seen meanwhile."""
