"""How the channels stand: what each may still send this minute, pauses after trouble, addresses that do not work."""

from django.db import models
from django.db.models import Q
from django.db.models.functions import Lower

from clinic.constraints import one_of
from patients.models import Channel


class ChannelState(models.Model):
    """One row a channel, made by the first tick, or by a worker before it. All workers on all hosts go by it.

    `free_at`: where its rate is limited, the moment up to which its time is given away (see `rules.allowance`).
    `paused_until`: nothing goes before; `pauses` counts those in a row, `why` is what staff read.
    """

    channel = models.CharField(max_length=8, choices=Channel.choices, primary_key=True)
    free_at = models.DateTimeField(null=True)
    paused_until = models.DateTimeField(null=True)
    pauses = models.PositiveSmallIntegerField(default=0)
    why = models.CharField(max_length=250, blank=True)

    class Meta:
        constraints = [one_of("channelstate_channel", "channel", Channel)]

    def __str__(self) -> str:
        return self.channel


class BadAddress(models.Model):
    """Messages to this address or number came back, so none are sent there until a person says so, or one arrives."""

    address = models.CharField(max_length=254)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    since = models.DateTimeField()
    why = models.CharField(max_length=250)

    class Meta:
        constraints = [
            one_of("badaddress_channel", "channel", Channel),
            models.UniqueConstraint("channel", Lower("address"), name="bad_address_once"),
            models.CheckConstraint(name="bad_address_is_one", condition=~Q(address="")),
        ]

    def __str__(self) -> str:
        return f"{self.channel} {self.pk}"
