"""How staff log in: by e-mail and password, accounts made by the clinic admin only."""

from allauth.account.adapter import DefaultAccountAdapter


class StaffAccountAdapter(DefaultAccountAdapter):
    """Nobody signs themselves up."""

    def is_open_for_signup(self, request) -> bool:
        return False
