"""The store in Postgres. Tables are declared with advanced-alchemy; what is read and written goes over asyncpg, as SQL compiled from them."""
