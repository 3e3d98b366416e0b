"""The pages of samples and of registered files."""
