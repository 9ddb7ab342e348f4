"""The store in Postgres. Tables are declared with advanced-alchemy; all that is asked goes over asyncpg, as SQL compiled from them."""
