"""Users that a named proxy has identified: by a client certificate, or as the front end of CMSWEB does."""
