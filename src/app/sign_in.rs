//! Saying who one is to a server that wants to know (RFC 7617). Owns what is typed for that until it is sent or given up;
//! must never show a password, nor give it to any other server.

use std::fmt;

use unicode_segmentation::UnicodeSegmentation;

use super::field::Field;
use super::keys::{self, Edit};
use super::overlay::Overlay;
use super::{State, Tab, Turn, layout};
use crate::effect::{Change, Effect, Recent};
use crate::event::{BrowseEvent, Fault, Key, Mouse, RequestId, Size};
use crate::text::Clean;
use crate::wire::credentials::Credentials;
use crate::wire::source::Origin;

/// What stands for each character of a password.
const DOT: &str = "•";

/// The question who the user is to a server.
#[derive(Debug, Clone)]
pub struct SignIn {
    /// Which server.
    pub origin: Origin,
    /// What the server calls that for which it wants to know.
    pub realm: Clean,
    /// The user's name there.
    pub user: Field,
    password: Secret,
    /// Where the input goes.
    pub row: Row,
    /// Whether this is to be known in the next run, too.
    pub remember: bool,
    /// What was wrong with the last answer.
    pub problem: Option<Problem>,
}

/// Where the input goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Row {
    /// Into the user's name.
    #[default]
    User,
    /// Into the password.
    Password,
    /// Whether it is remembered.
    Remember,
}

/// Why an answer did not do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Problem {
    /// The server did not accept it.
    Refused,
    /// It cannot be sent (RFC 7617, section 2).
    Unsendable,
}

/// A password while it is typed.
#[derive(Clone, Default)]
struct Secret(Field);

impl fmt::Debug for Secret {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("Secret")
    }
}

impl SignIn {
    /// The question of this server. What was remembered is there to be changed, but for the password.
    fn new(origin: &Origin, realm: Clean, before: Option<&str>, recent: &Recent) -> Self {
        let known = recent.credentials().iter().find(|(known, _)| known == origin);
        let known = known.map(|(_, credentials)| credentials.user());
        let user = before.or(known);
        Self {
            origin: origin.clone(),
            realm,
            user: Field::with(user.unwrap_or_default()),
            password: Secret::default(),
            row: if user.is_some() { Row::Password } else { Row::User },
            remember: known.is_some(),
            problem: user.is_some().then_some(Problem::Refused),
        }
    }

    /// The password as it may be seen.
    #[must_use]
    pub fn dots(&self) -> Field {
        let field = &self.password.0;
        let count = |text: &str| text.graphemes(true).count();
        let mut dots = Field::with(&DOT.repeat(count(field.text())));
        dots.move_to(DOT.len() * count(&field.text()[..field.caret()]));
        dots
    }

    pub(super) fn is_typed_into(&self) -> bool {
        self.row != Row::Remember
    }

    pub(super) fn paste(&mut self, text: &str) -> bool {
        match self.row {
            Row::User => self.user.paste_line(text),
            Row::Password => self.password.0.paste_line(text),
            Row::Remember => true,
        }
    }

    fn step(&mut self, forward: bool) {
        self.row = match (self.row, forward) {
            (Row::User, true) | (Row::Remember, false) => Row::Password,
            (Row::Password, true) | (Row::User, false) => Row::Remember,
            (Row::Remember, true) | (Row::Password, false) => Row::User,
        };
    }

    /// A key; `true` where that is the answer.
    fn on_key(&mut self, key: Key, edit: Option<Edit>) -> bool {
        match (edit, self.row) {
            (Some(Edit::Accept), Row::User) => self.row = Row::Password,
            (Some(Edit::Accept), Row::Password | Row::Remember) => return true,
            (Some(Edit::Up), _) => self.step(false),
            (Some(Edit::Down), _) => self.step(true),
            (_, Row::Remember) if key.types() == Some(' ') => self.remember = !self.remember,
            (_, Row::Remember) => {}
            (edit, Row::User) => self.user.on_key(key, edit),
            (edit, Row::Password) => self.password.0.on_key(key, edit),
        }
        false
    }

    /// A click on this cell.
    pub(super) fn click(&mut self, mouse: Mouse, size: Size) {
        let Some(areas) = layout::sign_in(size) else { return };
        let hit = |area: layout::Area| area.contains(mouse.column, mouse.row);
        if hit(areas.user) {
            self.row = Row::User;
        } else if hit(areas.password) {
            self.row = Row::Password;
        } else if hit(areas.remember) {
            self.row = Row::Remember;
            self.remember = !self.remember;
        }
    }
}

impl State {
    /// An answer of the browser. Where a server wants to know who asks, and the user looks at it, the user is asked.
    pub(super) fn on_browse(&mut self, request: RequestId, event: BrowseEvent, turn: &mut Turn<'_>) {
        let is_answer = self.files.pending.as_ref().is_some_and(|(pending, _)| *pending == request);
        self.files.on_event(request, event, turn);
        if !is_answer || self.tab != Tab::Files || self.overlay.is_some() {
            return;
        }
        let Some((_, Fault::Unauthorized { origin, realm })) = &self.files.failed else { return };
        let (origin, realm) = (Origin::clone(origin), realm.clone());
        self.ask_who(&origin, realm, turn);
    }

    /// Asks the user who that is to this server.
    pub(super) fn ask_who(&mut self, origin: &Origin, realm: Clean, turn: &Turn<'_>) {
        let before = self.files.signed.take_if(|(known, _)| known == origin).map(|(_, user)| user);
        let sign_in = SignIn::new(origin, realm, before.as_deref(), turn.recent);
        self.overlay = Some(Overlay::SignIn(Box::new(sign_in)));
    }

    /// The key that leads to the next pane leads to the next field of a dialogue, or on in what is said of the share.
    pub(super) fn next_question(&mut self, turn: &mut Turn<'_>) {
        match &mut self.overlay {
            Some(Overlay::SignIn(sign_in)) => sign_in.step(true),
            Some(Overlay::Share(_)) => self.lead_share_on(turn),
            Some(_) | None => {}
        }
    }

    /// A key while the user is asked. With the answer, the server is asked once more.
    pub(super) fn on_sign_in_key(&mut self, mut sign_in: Box<SignIn>, key: Key, turn: &mut Turn<'_>) {
        let answered = sign_in.on_key(key, keys::action(&turn.keymap.field, key));
        if answered {
            let SignIn { origin, user, password, remember, .. } = &*sign_in;
            let credentials = Credentials::new(user.text().to_owned(), password.0.text().to_owned());
            if let Some(credentials) = credentials {
                let remembered = Some(credentials.clone()).filter(|_| *remember);
                turn.remember(Change::Credentials(origin.clone(), remembered));
                turn.out.push(Effect::Authorize { origin: origin.clone(), credentials: Some(credentials) });
                self.files.signed = Some((origin.clone(), user.text().to_owned()));
                self.files.transfers.queue.retry_origin(origin, &mut turn.world());
                let failed = self.files.failed.as_ref().map(|(_, fault)| fault);
                if matches!(failed, Some(Fault::Unauthorized { origin: asks, .. }) if **asks == *origin) {
                    self.files.reload(turn);
                }
                return;
            }
            sign_in.problem = Some(Problem::Unsendable);
        }
        self.overlay = Some(Overlay::SignIn(sign_in));
    }
}
