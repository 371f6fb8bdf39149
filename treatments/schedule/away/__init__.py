"""Who is there and who is not: absences, closing days, hours, and the sessions that they leave outside."""
