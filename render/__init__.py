"""Client of the render service, and the tools that build the service and its plugins."""
