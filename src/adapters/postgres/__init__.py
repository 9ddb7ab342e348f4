"""The store in Postgres. Tables are declared with advanced-alchemy; writes and hot reads go over asyncpg as SQL compiled from them."""
