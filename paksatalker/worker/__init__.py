"""What does the jobs: a process that takes tickets, and one beside it that renders and may die."""
