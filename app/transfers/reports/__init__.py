"""Reports of the processes of the transfer: `report` has their parts, `checks` reads them, `store` stores them."""
