"""Speech to full-body motion, what makes that motion presentable, and the files it is kept in."""
