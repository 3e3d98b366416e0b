"""The pages of samples and of registered files, and what they show."""
