"""Names of those who hold shares, for pages."""

HOLDERS = {"site_head": "考点负责人（主考）", "key_service": "密钥值班室", "province": "省保密室（备用）"}
