"""The exam site's server: takes sealed parcels in, opens them with two persons, keeps every answer, hands everything back."""
