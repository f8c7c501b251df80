"""The pages of administrators, as one of them uses them."""


class Office:
    """One administrator's page. Every control is found by its `data-test`."""

    def __init__(self, softphone):
        self.page, self.gateway = softphone.page, softphone.gateway
        self.problems, self.requested = softphone.problems, []
        self.page.on("request", lambda request: self.requested.append(request.url))

    def sign_in(self, login="admin"):
        self.page.goto(self.gateway.url("/admin"))
        self.find("login").fill(login)
        self.find("password").fill(self.gateway.users.get(login, ("admin-password",))[0])
        self.find("sign-in").click()
        return self

    def find(self, name):
        return self.page.locator(f'[data-test="{name}"]')

    def at(self, section):
        self.page.goto(self.gateway.url(f"/admin#{section}"))
        self.page.locator("[data-test=page] h1").wait_for()
        return self

    def fill(self, **fields):
        for name, value in fields.items():
            self.find(f"field-{name}").last.fill(str(value))

    def save(self, place=0):
        self.find("save").nth(place).click()

    def said(self, sentence):
        self.page.locator(f'[data-test=notice]:has-text("{sentence}")').wait_for()

    def row(self, words):
        return self.page.locator("[data-test=row]", has_text=words)

    def edit(self, words):
        self.row(words).locator("[data-test=edit]").click()

    def fails(self, field, sentence):
        self.page.locator(f'[data-test="error-{field}"]:has-text("{sentence}")').last.wait_for()

    @property
    def mistakes(self):
        """What went wrong in the page; a refusal of the server is none."""
        return [problem for problem in self.problems if "Failed to load resource" not in problem]
