"""The calendar of a practitioner at a secret address, and calendar files for patients."""
