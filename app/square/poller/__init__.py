"""What brings the documents of P5 into the tables, keeps watch over how that goes, and cleans up."""
