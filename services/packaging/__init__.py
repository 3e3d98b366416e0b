"""Makes the installable trees of the products, which packages of RPM and the offline bundle contain."""
