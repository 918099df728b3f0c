"""What a team declares about one platform: schema, loading with located errors, discovery."""
