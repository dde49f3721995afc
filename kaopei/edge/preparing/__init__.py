"""Programs that get a site ready: certificates, nginx, kiosks, the drill, the bundle. None of them runs inside the server."""
