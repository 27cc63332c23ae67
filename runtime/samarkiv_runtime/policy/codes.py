"""What the policy's codes say to a person, and what to do next."""

from samarkiv_contracts.text import Text

CODES: dict[str, Text] = {
    "no_grant": Text(sv="Din behörighet omfattar inte detta.", en="Your grants do not cover this."),
    "tenant_suspended": Text(
        sv="Kommunens arkiv är tillfälligt stängt för ändringar.",
        en="The municipality's archive is closed for changes for the time being.",
    ),
    "on_hold": Text(sv="Handlingarna omfattas av ett gallringsstopp.", en="The records are under a hold."),
    "open_case": Text(
        sv="Ett ärende om utlämnande pågår; gallring får vänta.",
        en="A disclosure case is open; disposal has to wait.",
    ),
    "no_decision": Text(
        sv="Ange det beslut som åtgärden vilar på.", en="Name the decision that this rests on."
    ),
    "protected": Text(
        sv="Handlingarna rör någon med skyddade uppgifter.",
        en="The records concern a person with protected identity.",
    ),
    "four_eyes": Text(
        sv="Du har själv deltagit i ärendet; en annan person måste besluta.",
        en="You have taken part in this yourself; another person must decide.",
    ),
    "own_grant": Text(sv="Ingen ger behörighet åt sig själv.", en="Nobody grants rights to themselves."),
    "state": Text(
        sv="Filen lämnas inte ut i det läge den är.", en="The file is not given out in its present state."
    ),
    "on_request": Text(
        sv="Filen lämnas ut efter begäran och prövning. Begär den hos arkivet.",
        en="The file is given out after a request and an assessment. Request it from the archive.",
    ),
    "aip_not_public": Text(
        sv="Arkivpaketet är för arkivarier; hämta handlingarna som DIP, BagIt eller zip.",
        en="The archival package is for archivists; fetch the records as DIP, BagIt or zip.",
    ),
    "link_expired": Text(sv="Länken har gått ut.", en="The link has expired."),
    "custody_intermediate": Text(
        sv="Handlingarna är i mellanarkiv; nämnden råder över dem.",
        en="The records are in the intermediate archive; the board is in charge of them.",
    ),
    "not_responsible": Text(
        sv="Beslutet hör till den som ansvarar för handlingarna.",
        en="The decision belongs to whoever is responsible for the records.",
    ),
    "payload_closed": Text(
        sv="Driften ser händelsens kuvert, inte dess innehåll.",
        en="Operators see the envelope of an event, not its content.",
    ),
    "not_in_service_list": Text(
        sv="Tjänsten har inte den rättigheten.", en="The service does not have that right."
    ),
    "token_kind": Text(
        sv="Detta kräver en inloggad person, inte en nyckel.",
        en="This needs a signed-in person, not a token.",
    ),
    "assurance": Text(sv="Detta kräver en starkare inloggning.", en="This needs a stronger sign-in."),
    "login_again": Text(
        sv="Logga in igen för att bekräfta att det är du.",
        en="Sign in again to confirm that it is you.",
    ),
    "purpose_required": Text(
        sv="Ange ändamålet innan du öppnar sekretessbelagda handlingar.",
        en="State your purpose before you open closed records.",
    ),
    "obligation": Text(
        sv="Ett villkor för åtkomsten kan inte uppfyllas här.",
        en="A condition of this access cannot be fulfilled here.",
    ),
    "origin": Text(
        sv="Begäran kommer inte från arkivets egna sidor.",
        en="The request does not come from the archive's own pages.",
    ),
    "form_token": Text(
        sv="Formuläret är för gammalt. Ladda om sidan och skicka igen.",
        en="The form is too old. Load the page again and send it once more.",
    ),
}


def text_of(code: str) -> Text:
    """Return the sentence of a policy code."""
    return CODES.get(code, CODES["no_grant"])
