"""The why sheet of a stored screening: its words (`sheet`), a PDF of them (`pdf`), and the check of its digest."""
