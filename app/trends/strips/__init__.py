"""Strip charts: a quantity of one monitor element over the last runs of its dataset, on its page."""
