"""Properties are tried as often on a busy machine as on a quick one."""

from hypothesis import HealthCheck, settings

settings.register_profile(
    "unhurried",
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("unhurried")
