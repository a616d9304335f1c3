struct Instant(f64);
impl Instant {
    fn now() -> Self {
        Instant(cpu())
    }
    fn elapsed(&self) -> std::time::Duration {
        std::time::Duration::from_secs_f64(cpu() - self.0)
    }
}
fn cpu() -> f64 {
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .unwrap()
        .split(' ')
        .next()
        .unwrap()
        .parse::<f64>()
        .unwrap()
        / 1e9
}
use vara_imaging::*;
fn load(p: &std::path::Path) -> Picture {
    decode(&std::fs::read(p).unwrap(), &Limits::DEFAULT).unwrap()
}
fn main() {
    let set = std::path::Path::new("/tmp/a-dev/set2");
    let negs: usize = std::env::args().nth(1).map_or(3, |v| v.parse().unwrap());
    let filter = std::env::args().nth(2).unwrap_or_default();
    let mut names: Vec<_> = std::fs::read_dir(set.join("original"))
        .unwrap()
        .map(|e| e.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    let originals: Vec<Features> = names
        .iter()
        .map(|n| features(&load(&set.join("original").join(n))))
        .collect();
    let mut work = vec![];
    for e in std::fs::read_dir(set).unwrap() {
        let e = e.unwrap().file_name().into_string().unwrap();
        if e == "original" || !e.contains(&filter) {
            continue;
        }
        for (i, n) in names.iter().enumerate() {
            if !e.contains('+') && i % 2 == 1 {
                continue;
            }
            let p = set.join(&e).join(n);
            if p.exists() {
                work.push((e.clone(), i, p));
            }
        }
    }
    let next = std::sync::atomic::AtomicUsize::new(0);
    std::thread::scope(|s| {
        for _ in 0..2 {
            s.spawn(|| loop {
        let k = next.fetch_add(1, std::sync::atomic::Ordering::Relaxed);
        let Some((e, i, p)) = work.get(k) else { break };
        let pic = load(p);
        let t = Instant::now(); let f = features(&pic); let tf = t.elapsed().as_secs_f64() * 1e3;
        for m in 0..=negs {
            let j = if m == 0 { *i } else { (i + 1 + (k * 31 + m * 57) % (names.len() - 1)) % names.len() };
            let t = Instant::now(); let o = overlay(&originals[j], &f); let to = t.elapsed().as_secs_f64() * 1e3;
            match o { Some(o) => println!("{e}\t{i}\t{j}\t{}\t{}\t{:.3}\t{}\t{}\t{:.2}\t{:.2}\t{}\t{tf:.1}\t{to:.1}\t{}", o.inliers, o.matched, o.agreement, o.squares, o.same, o.overlap, o.covered, o.mirrored, f.len()),
              None => println!("{e}\t{i}\t{j}\t0\t0\t0\t0\t0\t0\t0\t-\t{tf:.1}\t{to:.1}\t{}", f.len()) }
        }
    });
        }
    });
}
