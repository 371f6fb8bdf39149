"""The pages behind the links of messages. GET and HEAD change nothing: mail scanners open links."""
