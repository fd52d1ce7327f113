//! Says when the pages inside of the program are old: the compiler sees changes of files, and not that there are new ones.

fn main() {
    // Without pages, what makes them is watched: a path that is not there would count as changed each time.
    let watched = ["web/dist", "web"].into_iter().find(|folder| std::path::Path::new(folder).exists());
    println!("cargo::rerun-if-changed={}", watched.unwrap_or("build.rs"));
}
