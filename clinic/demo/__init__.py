"""A believable clinic with nobody real in it. Part of the project: it knows all apps and does what people do there."""
