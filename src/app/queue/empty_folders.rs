//! Folders of a tree in which there is nothing: no file makes them on its way, so that they are made at its end.

use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

use super::item::ItemId;
use super::target::base_of;
use super::tree::Walk;
use super::{Queue, World};
use crate::effect::Effect;
use crate::event::{Fault, RequestId};
use crate::text::clean_line;

impl Queue {
    pub(super) fn make_folders(&mut self, id: ItemId, world: &mut World<'_>) {
        let tree = self.items.get(&id).and_then(|item| item.tree.as_ref());
        let folders = tree.map(|tree| tree.bare()).unwrap_or_default();
        let base = self.items.get(&id).map(|item| base_of(&self.settings.dir, item));
        if let Some(base) = base.filter(|_| !folders.is_empty()) {
            let request = world.ids.request();
            self.begin_walk(id, request);
            world.out.push(Effect::MakeFolders { request, folders, base });
        }
    }

    /// Folders that nothing is in are there, but for these; late news is dropped.
    pub fn on_folders_made(
        &mut self,
        request: RequestId,
        missed: Vec<(PathBuf, Fault)>,
        world: &mut World<'_>,
    ) {
        let Some(id) = self.walks.get(&request).copied() else { return };
        self.end_walk(id, request, Walk::Ended);
        self.change(id, |item| {
            if let Some(tree) = &mut item.tree {
                tree.bare_made();
            }
            for (path, fault) in missed {
                let inner = path.strip_prefix(&item.to).ok().filter(|inner| inner.file_name().is_some());
                let name = inner.map(|inner| clean_line(inner.as_os_str().as_bytes()));
                item.miss(name.unwrap_or_else(|| item.name.clone()), fault);
            }
        });
        self.close(id, world);
        self.settle(world);
    }
}
