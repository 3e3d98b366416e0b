"""Makes the installable trees of the products, which RPM packages and the offline bundle contain."""
