"""Pages about devices, and about what can be done where and by whom."""

from django.urls import path

from treatments.schedule.views import equipment, replanning

app_name = "equipment"
urlpatterns = [
    path("", equipment.overview, name="list"),
    path("left/", equipment.left, name="left"),
    path("left/replan/", replanning.left, name="replan"),
    path("kinds/add/", equipment.kind_add, name="kind_add"),
    path("kinds/<id:pk>/", equipment.kind_edit, name="kind_edit"),
    path("devices/add/", equipment.device_add, name="device_add"),
    path("devices/<id:pk>/", equipment.device_edit, name="device_edit"),
    path("rooms/<id:pk>/", equipment.room, name="room"),
    path("practitioners/<id:pk>/", equipment.practitioner, name="practitioner"),
]
