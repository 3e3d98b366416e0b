"""The control room: commands to the machines of DQM^2, who gave them, and what came of them."""
