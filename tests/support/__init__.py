"""What the tests share: real servers, databases, and consumers in processes of their own."""
