"""The plan's page as plain values: which options to show, in what order, with which words and citations.

Built anew for every change from the shelf (the catalogue), what was chosen, and the patient; templates only print it.
"""
