//! Local names and places of downloads: under which name each comes here, and the inspection of the place where a folder
//! goes before it is walked. Looks at no disk itself.

use std::ffi::{OsStr, OsString};
use std::os::unix::ffi::{OsStrExt, OsStringExt};
use std::path::{Path, PathBuf};

use super::item::{FolderOrigin, Item, ItemId};
use super::renamed::Renamed;
use super::tree::Walk;
use super::{Queue, QueueSettings, World};
use crate::effect::{Effect, NamedBy, Naming};
use crate::event::{Fault, RequestId, Target, TransferId};
use crate::text::clean_line;
use crate::wire::name::{NameRules, local_name};
use crate::wire::source::Source;

/// The folder below which no symbolic link is followed on the way to an item: the one that the user chose.
pub(super) fn base_of(dir: &Path, item: &Item) -> PathBuf {
    if item.to == dir { item.to.clone() } else { item.to.parent().unwrap_or(&item.to).to_path_buf() }
}

/// Who says what a file is called, of which the user may have given the path.
pub(super) fn named_by(is_given: bool, by_server: bool) -> NamedBy {
    match (is_given, by_server) {
        (true, _) => NamedBy::User,
        (false, false) => NamedBy::List,
        (false, true) => NamedBy::Server,
    }
}

/// What a download needs of that.
pub(super) fn naming(named_by: NamedBy, settings: &QueueSettings) -> Naming {
    match named_by {
        NamedBy::User => Naming::Given,
        NamedBy::List => Naming::Picked,
        NamedBy::Server => Naming::Server { prefix: settings.prefix.clone(), policy: settings.names },
    }
}

impl Queue {
    /// Where something that is called `raw` there is to be: at the path that was chosen, or in the usual folder.
    pub(super) fn place_for(
        &mut self,
        chosen: Option<PathBuf>,
        prefix: &str,
        raw: &[u8],
    ) -> (PathBuf, Renamed) {
        let mut renamed = Renamed::default();
        if let Some(chosen) = chosen {
            return (self.free_path(&chosen), renamed);
        }
        let name = local_name(prefix, raw, self.settings.names, &NameRules::default());
        let to = self.free_path(&self.settings.dir.join(OsStr::from_bytes(&name)));
        let here = to.file_name().unwrap_or_default().as_bytes();
        if here != [prefix.as_bytes(), raw].concat() {
            renamed.note(clean_line(raw), here);
        }
        (to, renamed)
    }

    /// Whether what is not under way yet would come into the usual folder under a name that begins with a dot.
    #[must_use]
    pub fn begins_with_dot(&self, source: &Source, is_file: bool) -> bool {
        let prefix = if is_file { &*self.settings.prefix } else { "" };
        let raw = source.path.last();
        let name = local_name(prefix, &raw, self.settings.names, &NameRules::default());
        name.first() == Some(&b'.') && !self.open.contains_key(source)
    }

    /// The path as it is, or a numbered one where that is taken.
    pub(super) fn free_path(&mut self, path: &Path) -> PathBuf {
        let folder = path.parent().unwrap_or(path);
        folder.join(OsString::from_vec(
            self.names.take(folder, path.file_name().unwrap_or_default().as_bytes()),
        ))
    }

    /// Has the place looked at where a folder is to be.
    pub(super) fn inspect(&mut self, id: ItemId, request: RequestId, world: &mut World<'_>) {
        let place = self.items.get(&id).map(|item| (item.to.clone(), base_of(&self.settings.dir, item)));
        if let Some((to, base)) = place {
            self.begin_walk(id, request);
            world.out.push(Effect::Inspect { request, to, base });
        }
    }

    /// What is at the place where a folder is to be; late news is dropped.
    pub fn on_inspected(&mut self, request: RequestId, found: Result<Target, Fault>, world: &mut World<'_>) {
        let Some(id) = self.walks.get(&request).copied() else { return };
        let then = if found.is_ok() { Walk::Due } else { Walk::Ended };
        self.end_walk(id, request, then);
        let place = self.change(id, |item| {
            match found {
                Ok(target) => {
                    if !target.is_occupied {
                        item.folder = FolderOrigin::Made;
                    }
                    if let Some(tree) = &mut item.tree {
                        tree.target = Some(target);
                    }
                }
                Err(fault) => item.miss(item.name.clone(), fault),
            }
            item.place
        });
        if let Some(place) = place {
            self.note(place, world.now);
        }
        self.close(id, world);
        self.settle(world);
    }

    /// A file under way is to be here now.
    pub(super) fn named(&mut self, item: ItemId, id: TransferId, to: &Path) {
        let Some(item) = self.items.get_mut(&item) else { return };
        let name = to.file_name().unwrap_or_default().as_bytes();
        if let Some(running) = item.running.get(&id) {
            let from = running.name.clone();
            item.renamed.note(from, name);
        }
    }
}
