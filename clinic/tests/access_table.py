"""Who may open what. A URL that is not listed here fails the build (test_access.py); add yours, one line each.

The name of the URL, then the roles that may open it:
`PUBLIC` without logging in, `ANYBODY` whoever is logged in, `BY_LINK` patients with a personal link and nobody else,
otherwise a tuple of roles.
"""

from clinic.roles import Role

PUBLIC = ("public",)
ANYBODY = ("anybody",)
BY_LINK = ("by link",)
ADMIN = (Role.CLINIC_ADMIN,)
DESK = (Role.FRONT_DESK, Role.NURSE, Role.DOCTOR)
CLINICAL = (Role.NURSE, Role.DOCTOR)
DRAFTING = (Role.DOCTOR, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN)

ACCESS: dict[str, tuple[str, ...]] = {
    # clinic
    "start": ANYBODY,
    "healthz": PUBLIC,
    "readyz": PUBLIC,
    "metrics": BY_LINK,  # by a token of its own, that is
    "staff": ADMIN,
    "staff_add": ADMIN,
    "staff_edit": ADMIN,
    "staff_hours": ADMIN,
    "staff_link": ADMIN,
    "staff_second_factor": ADMIN,
    "rooms": ADMIN,
    "room_add": ADMIN,
    "room_edit": ADMIN,
    "room_hours": ADMIN,
    "settings": ADMIN,
    "access_log": ADMIN,
    # patients
    "patients:list": DESK,
    "patients:register": DESK,
    "patients:patient": DESK,
    "patients:edit": DESK,
    "patients:closing": DESK,
    "patients:died": DESK,
    "patients:duplicate": DESK,
    "patients:interview": CLINICAL,
    "patients:draft": CLINICAL,
    "patients:discard": CLINICAL,
    "patients:version": CLINICAL,
    "patients:link_by_mail": DESK,
    "patients:link_by_code": DESK,
    "patients:link_on_tablet": DESK,
    "patients:link_revoke": DESK,
    "patients:confirm_report": CLINICAL,
    "patients:set_aside_report": CLINICAL,
    # the interview by the patient
    "interview:enter": BY_LINK,
    "interview:here": BY_LINK,
    "interview:step": BY_LINK,
    "interview:review": BY_LINK,
    "interview:leave": BY_LINK,
    # contraindications
    "contraindications:worklist": CLINICAL,
    "contraindications:screening": CLINICAL,
    "contraindications:decide": CLINICAL,
    "contraindications:why": CLINICAL,
    "contraindications:why_pdf": CLINICAL,
    "check:form": PUBLIC,
    "check:digest": PUBLIC,
    "contraindications:ask": (Role.NURSE,),
    "contraindications:todo": CLINICAL,
    # the lists themselves
    "rules:sources": (*CLINICAL, Role.CATALOGUE_ADMIN),
    "rules:compare": (*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN),
    "contraindications:report": (Role.DOCTOR,),
    "contraindications:report_csv": (Role.DOCTOR,),
    "contraindications:reasons": ADMIN,
    "contraindications:reason_add": ADMIN,
    "contraindications:reason_edit": ADMIN,
    "rules:versions": (*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN),
    "rules:version": (*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN),
    "rules:draft": DRAFTING,
    "rules:item_add": (Role.CATALOGUE_ADMIN,),
    "rules:item_change": (Role.CATALOGUE_ADMIN,),
    "rules:item_retire": (Role.CATALOGUE_ADMIN,),
    "rules:source_add": (Role.CATALOGUE_ADMIN,),
    "rules:settings": (Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN),
    "rules:take_back": DRAFTING,
    "rules:discard": (Role.DOCTOR, Role.CATALOGUE_ADMIN),
    "rules:renew": DRAFTING,
    "rules:publish": (Role.DOCTOR,),
    "rules:preview_start": DRAFTING,
    "rules:preview": DRAFTING,
    "rules:preview_run": DRAFTING,
    "rules:people": (Role.DOCTOR,),
    # courses
    "courses:new": CLINICAL,
    "courses:preview": CLINICAL,
    "courses:course": CLINICAL,
    "courses:edit": CLINICAL,
    "courses:screen": CLINICAL,
    "courses:confirm": CLINICAL,
    "courses:cancel": CLINICAL,
    # schedule
    "schedule:rescreening": (*CLINICAL, Role.CATALOGUE_ADMIN, Role.CLINIC_ADMIN),
    "schedule:day": DESK,
    "schedule:sheet": DESK,
    "schedule:sheet_pdf": DESK,
    "schedule:session_ics": DESK,
    "schedule:course_ics": DESK,
    # calendars at secret addresses
    "feeds:list": (*CLINICAL, Role.CLINIC_ADMIN),
    "feeds:new": CLINICAL,
    "feeds:revoke": (*CLINICAL, Role.CLINIC_ADMIN),
    "feeds:feed": BY_LINK,
    "schedule:events": DESK,
    "schedule:changes": DESK,
    "schedule:drop": DESK,
    "schedule:seek": DESK,
    "schedule:book": DESK,
    "schedule:session": DESK,
    "schedule:arrived": DESK,
    "schedule:late": DESK,
    "schedule:taken": DESK,
    "schedule:taken_of_course": DESK,
    "schedule:overlaps": (*DESK, Role.CLINIC_ADMIN),
    "schedule:overlaps_csv": (*DESK, Role.CLINIC_ADMIN),
    "schedule:missed": DESK,
    "schedule:move": DESK,
    "schedule:gap": DESK,
    "schedule:swap": DESK,
    "schedule:cancel": DESK,
    # absences
    "absences:list": (*DESK, Role.CLINIC_ADMIN),
    "absences:absence": (*DESK, Role.CLINIC_ADMIN),
    "absences:replan": DESK,
    "absences:replan_day": DESK,
    "absences:ill_today": (*DESK, Role.CLINIC_ADMIN),
    "absences:lift": (*DESK, Role.CLINIC_ADMIN),
    "absences:add": ADMIN,
    "absences:close": ADMIN,
    "absences:outside": (*DESK, Role.CLINIC_ADMIN),
    "absences:outside_replan": DESK,
    "absences:hours": ADMIN,
    "absences:weekly_again": ADMIN,
    # devices, and what can be done where and by whom
    "equipment:list": ADMIN,
    "equipment:left": (*DESK, Role.CLINIC_ADMIN),
    "equipment:replan": DESK,
    "equipment:kind_add": ADMIN,
    "equipment:kind_edit": ADMIN,
    "equipment:device_add": ADMIN,
    "equipment:device_edit": ADMIN,
    "equipment:room": ADMIN,
    "equipment:practitioner": ADMIN,
    # the waiting list, and the patient's own page of an offer
    "waiting:list": DESK,
    "waiting:add": DESK,
    "waiting:withdraw": DESK,
    "waiting:answer": DESK,
    "offer:answer": BY_LINK,
    # visits
    "visits:check_in": CLINICAL,
    "visits:perform": CLINICAL,
    # reminders
    "reminders:messages": (*DESK, Role.CLINIC_ADMIN),
    "reminders:charts": (*DESK, Role.CLINIC_ADMIN),
    "reminders:maintenance": DESK,
    "reminders:patient": DESK,
    "reminders:wishes": DESK,
    "texts:list": ADMIN,
    "texts:text": ADMIN,
    "reminders:put_back": (*DESK, Role.CLINIC_ADMIN),
    # what patients open from a message
    "messages:enter": BY_LINK,
    "messages:unsubscribe": BY_LINK,
    "messages:here": BY_LINK,
    "messages:session": BY_LINK,
    "messages:confirm": BY_LINK,
    "messages:cancel": BY_LINK,
    "messages:move": BY_LINK,
    "messages:calendar": BY_LINK,
    "messages:answer": BY_LINK,
    "messages:wishes": BY_LINK,
    # one's own account: the pages are allauth's
    "account_login": PUBLIC,
    "account_logout": PUBLIC,
    "account_inactive": PUBLIC,
    "account_reset_password": PUBLIC,
    "account_reset_password_done": PUBLIC,
    "account_reset_password_from_key": PUBLIC,
    "account_reset_password_from_key_done": PUBLIC,
    "mfa_authenticate": PUBLIC,
    "account_reauthenticate": ANYBODY,
    "account_change_password": ANYBODY,
    "mfa_index": ANYBODY,
    "mfa_reauthenticate": ANYBODY,
    "mfa_activate_totp": ANYBODY,
    "mfa_deactivate_totp": ANYBODY,
    "mfa_view_recovery_codes": ANYBODY,
    "mfa_generate_recovery_codes": ANYBODY,
    "mfa_download_recovery_codes": ANYBODY,
}

# What takes a form from elsewhere, and why that is no harm. Everything else asks for the token of a page of ours.
FROM_ELSEWHERE = {
    "messages:unsubscribe": "Mail programs post it by themselves (RFC 8058); the token in the address is the proof.",
}

# Django's admin is the catalogue's: all of it is for one role, and it checks the rights on every table itself.
ADMIN_SITE = (Role.CATALOGUE_ADMIN,)
