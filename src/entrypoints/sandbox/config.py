"""What a sandbox is told when it starts."""

from pathlib import Path

from msgspec import Struct


class SandboxConfig(Struct, frozen=True, kw_only=True):
    """How one sandbox runs.

    port: where it listens; 0 lets the system choose one (then name public_url, or serve through `server.serve`).
    api_key: the only key that the API accepts. webhook_secret: signs events. webhook_url: where events are sent, if anywhere.
    state_file: where everything is kept over restarts; without one it is forgotten.
    public_url: base of the hosted pages' addresses; http://host:port when None.
    retry_schedule_seconds: pause before each further try of a delivery. delivery_timeout_seconds: how long one try may take.
    redirect_wait_seconds: how long a paying buyer waits for the 2xx of checkout.session.completed.
    async_delay_seconds: after how long a delayed method settles; only by button or control API when None.
    """

    port: int
    api_key: str
    webhook_secret: str
    host: str = "127.0.0.1"
    webhook_url: str | None = None
    state_file: Path | None = None
    public_url: str | None = None
    retry_schedule_seconds: tuple[float, ...] = (1, 2, 5, 10, 30, 60, 300, 900, 3600)
    async_delay_seconds: float | None = None
    delivery_timeout_seconds: float = 20.0
    redirect_wait_seconds: float = 10.0
    account_name: str = "Sandbox merchant"

    def base_url(self) -> str:
        """Where buyers reach the hosted pages, without a slash at the end."""
        return (self.public_url or f"http://{self.host}:{self.port}").rstrip("/")
