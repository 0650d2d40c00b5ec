"""The sandbox's servers: a web server in the agencies' forms, and their databases."""
