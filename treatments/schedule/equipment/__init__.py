"""Devices, and what can be done where and by whom: what a session needs, what no longer fits, and changes to it."""

from treatments.schedule.equipment.abilities import check_able, people_and_rooms, rooms_for, who_could_treat
from treatments.schedule.equipment.able import Able, able_by_technique
from treatments.schedule.equipment.assigning import devices_of, with_devices
from treatments.schedule.equipment.changes import save_device, save_kind, set_abilities
from treatments.schedule.equipment.misfits import misfits, would_break
from treatments.schedule.equipment.pools import Pool, pools_of, resource_in, resources_in

__all__ = [
    "Able",
    "Pool",
    "able_by_technique",
    "check_able",
    "devices_of",
    "misfits",
    "people_and_rooms",
    "pools_of",
    "resource_in",
    "resources_in",
    "rooms_for",
    "save_device",
    "save_kind",
    "set_abilities",
    "who_could_treat",
    "with_devices",
    "would_break",
]
