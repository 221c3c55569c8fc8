"""Every key this project keeps in Redis, with how long it lives.

A number in the name is the version of what is stored: whoever changes the content counts it up,
so that old and new code can run side by side. Braces mark what Redis Cluster must keep together.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Key:
    """A family of keys: how they are called and when they expire."""

    pattern: str
    #: 0 only for what must outlive everything.
    ttl_seconds: int

    def of(self, *parts: str) -> str:
        """Return one key of the family."""
        return self.pattern % parts


#: The newest quote of one instrument, as JSON.
QUOTE = Key("livefolio:1:{market}:quote:%s", ttl_seconds=7 * 24 * 3_600)
#: When the feed last gave a sign of life, in seconds since 1970.
FEED_HEARTBEAT = Key("livefolio:1:{market}:feed:heartbeat", ttl_seconds=24 * 3_600)
#: Who leads the feed; short, so that another process takes over soon after a crash.
FEED_LEASE = Key("livefolio:1:{market}:feed:lease", ttl_seconds=6)
#: Counts the leaders of the feed; a write with an older number is refused.
FEED_FENCE = Key("livefolio:1:{market}:feed:fence", ttl_seconds=0)
#: How many screens show each instrument, by the process that serves them.
FEED_VIEWERS = Key("livefolio:1:{market}:feed:viewers", ttl_seconds=60)
#: How the feed and its sources are; gone soon after the last leader.
FEED_STATE = Key("livefolio:1:{market}:feed:state", ttl_seconds=30)
#: Who sends the periodic jobs.
BEAT_LEASE = Key("livefolio:1:{beat}:lease", ttl_seconds=6)
#: Counts those who sent them.
BEAT_FENCE = Key("livefolio:1:{beat}:fence", ttl_seconds=0)
#: A one-time ticket for the live stream, holding the user's id.
STREAM_TICKET = Key("livefolio:1:ticket:%s", ttl_seconds=30)
#: The performance of one portfolio over one range, as JSON; short, for its last value is live.
REPORT = Key("livefolio:1:report:%s", ttl_seconds=60)
#: Somebody's mark, which changes with each of their writes; longer than any kept answer.
FRESHNESS = Key("livefolio:1:freshness:%s", ttl_seconds=3_600)
#: A whole answer to somebody's question, with the mark it was given under.
HOT_READ = Key("livefolio:2:hot:%s", ttl_seconds=1)
#: What sources know of a text that nothing here is found by, as JSON; what was asked is a digest.
FOUND_ASSETS = Key("livefolio:1:assets:text:%s", ttl_seconds=24 * 3_600)
#: That they are being asked about it.
ASKING_ASSETS = Key("livefolio:1:assets:asking:%s", ttl_seconds=60)
#: One thing that they know, by its identity, until somebody chooses it.
FOUND_ASSET = Key("livefolio:1:assets:one:%s", ttl_seconds=24 * 3_600)
#: Until when an outside service is left alone, in seconds since 1970; as long as its pause lasts.
REMOTE_PAUSE = Key("livefolio:1:remote:pause:%s", ttl_seconds=3_600)
#: Below it the library `limits` counts questions; each count lives as long as its limit's window.
REMOTE_LIMIT_PREFIX = "livefolio:1:remote:limit"
#: Below it the library `pybreaker` keeps four small keys a service, which stay.
REMOTE_BREAKER_PREFIX = "livefolio:1:remote:breaker"

ALL = (
    QUOTE,
    FEED_HEARTBEAT,
    FEED_LEASE,
    FEED_FENCE,
    FEED_VIEWERS,
    FEED_STATE,
    BEAT_LEASE,
    BEAT_FENCE,
    STREAM_TICKET,
    REPORT,
    FRESHNESS,
    HOT_READ,
    FOUND_ASSETS,
    ASKING_ASSETS,
    FOUND_ASSET,
    REMOTE_PAUSE,
)
