//! The contract's objects (API.md section 2, AUTH.md section 3), with the fields that ours have besides.

use std::sync::OnceLock;

use vara_tests::Shapes;

const NAMED: [(&str, &str); 27] = [
    (
        "Page",
        "{page: int, limit: int, total: int, totalPages: int}",
    ),
    ("Meta", "{pagination: Page}"),
    ("Issue", "{code: text, message: text, path: [string | int]}"),
    (
        "User",
        "{id: uuid, email: text, emailVerified: bool, createdAt: date, profile: Profile | null}",
    ),
    ("Risk", "\"LOW\" | \"MEDIUM\" | \"HIGH\" | \"CRITICAL\""),
    (
        "Profile",
        "{id: uuid, userId: uuid, displayName: text | null, riskLevel: Risk, onboardingCompleted: bool, createdAt: date}",
    ),
    (
        "Face",
        "{facialArea: {x: number, y: number, w: number, h: number}, processingTimeMs: number}",
    ),
    (
        "Image",
        "{id: uuid, userId: uuid, storageUrl: url, hash: text | null, uploadedAt: date, lastScanned: date | null, \
          status: \"ACTIVE\" | \"ARCHIVED\", archivedAt: date | null, scanCount: int, matchCount: int, \
          faceDetected: bool, faceConfidence: number | null, faceMetadata: Face | null, \
          state: \"EXPECTED\" | \"PENDING\" | \"READY\" | \"REJECTED\", rejectedReason: text | null, \
          locationFound: bool | null}",
    ),
    (
        "ShownImage",
        "{id: uuid, userId: uuid, storageUrl: url, hash: text | null, uploadedAt: date, lastScanned: date | null, \
          status: \"ACTIVE\" | \"ARCHIVED\", archivedAt: date | null, scanCount: int, matchCount: int, \
          faceDetected: bool, faceConfidence: number | null, faceMetadata: Face | null, \
          state: \"EXPECTED\" | \"PENDING\" | \"READY\" | \"REJECTED\", rejectedReason: text | null, \
          locationFound: bool | null, signedUrl: url | null}",
    ),
    (
        "Evidence",
        "{relation: text, edits: [text], score: number, decidedBy: text, pdq: any, borderless: any, overlay: any, \
          colours: any, faces: any, vector: any, changes: any}",
    ),
    (
        "Match",
        "{id: uuid, protectedImageId: uuid, scanJobId: uuid | null, sourceUrl: url, platform: text | null, \
          similarity: number, matchType: text, detectedAt: date, status: text, firstSeenAt: date, lastSeenAt: date, \
          goneAt: date | null, confidence: Tier | null, clipSimilarity: number | null, faceVerified: text | null, \
          reviewStatus: text, reviewedAt: date | null, reviewedBy: uuid | null, discoveryEngine: text | null, \
          candidateGroupId: text | null, faceSimilarity: number | null, discoveryScore: number | null, \
          verificationEngine: text | null, parentCandidateId: text | null, evidence: Evidence | null}",
    ),
    ("Tier", "\"HIGH\" | \"MEDIUM_HIGH\" | \"MEDIUM\" | \"LOW\""),
    (
        "ReviewedMatch",
        "{id: uuid, reviewStatus: \"CONFIRMED\" | \"DISMISSED\", status: \"REVIEWED\" | \"DISMISSED\", reviewedAt: date, \
          reviewedBy: uuid, protectedImage: {id: uuid, storageUrl: url, uploadedAt: date, status: \"ACTIVE\"}, ...}",
    ),
    (
        "FlaggedMatch",
        "{id: uuid, reviewStatus: \"FLAGGED_FOR_REVIEW\", reviewedAt: null, reviewedBy: null, \
          protectedImage: {id: uuid, storageUrl: url, uploadedAt: date, status: \"ACTIVE\", faceDetected: bool}, ...}",
    ),
    (
        "AlertType",
        "\"IMAGE_MISUSE\" | \"FAKE_PROFILE\" | \"DATA_BREACH\" | \"SUSPICIOUS_FOLLOWER\" | \"BEHAVIORAL_CHANGE\" | \
          \"DEEPFAKE_DETECTED\" | \"PROFILE_IMPERSONATION\"",
    ),
    (
        "Alert",
        "{id: uuid, userId: uuid, type: AlertType, severity: \"INFO\" | \"LOW\" | \"MEDIUM\" | \"HIGH\" | \"CRITICAL\", \
          title: text, description: text, metadata: object | null, \
          status: \"NEW\" | \"VIEWED\" | \"ACTIONED\" | \"DISMISSED\", createdAt: date, viewedAt: date | null, \
          actionedAt: date | null}",
    ),
    (
        "PlanItem",
        "{id: uuid, planId: uuid, category: text, categoryCode: text, title: text, description: text, priority: int, \
          status: \"PENDING\" | \"IN_PROGRESS\" | \"COMPLETED\" | \"SKIPPED\", dueDate: date | null, createdAt: date}",
    ),
    (
        "Plan",
        "{id: uuid, userId: uuid, generatedAt: date, lastUpdated: date, items: [PlanItem]+}",
    ),
    (
        "ScanType",
        "\"IMAGE_SCAN\" | \"PROFILE_SCAN\" | \"BREACH_CHECK\" | \"BEHAVIORAL_ANALYSIS\" | \"FULL_SCAN\"",
    ),
    (
        "Scan",
        "{id: uuid, userId: uuid, protectedImageId: uuid | null, type: ScanType, \
          status: \"PENDING\" | \"RUNNING\" | \"COMPLETED\" | \"FAILED\", priority: 0, progress: int, retryCount: int, \
          workerId: text | null, startedAt: date | null, completedAt: date | null, result: object | null, \
          errorMessage: text | null, createdAt: date}",
    ),
    (
        "EndedScan",
        "{id: uuid, type: \"IMAGE_SCAN\", status: \"COMPLETED\", progress: 100, completedAt: date, \
          result: {matchesFound: int, imagesScanned: int, imagesProcessed: int, scannedAt: date, alertsCreated: int, ...}, ...}",
    ),
    (
        "Account",
        "{id: uuid, userId: uuid, platform: text, platformUserId: text, lastSynced: date | null, createdAt: date, \
          kind: \"EMAIL\" | \"PHONE\" | \"HANDLE\" | \"OAUTH\", verifiedAt: date | null, displayName: text | null, \
          followers: int | null, verification?: any}",
    ),
    (
        "Question",
        "{id: text, question: text, description: text, type: text, order: int, conditionalOn: null, \
          options: [{value: text, label: text, riskWeight: int}]+}",
    ),
    (
        "LibraryUser",
        "{id: uuid, aud: \"authenticated\", role: \"authenticated\", email: text, email_confirmed_at: date, phone: \"\", \
          confirmation_sent_at: date | null, confirmed_at: date, recovery_sent_at: date | null, last_sign_in_at: date | null, \
          app_metadata: {provider: \"email\", providers: [\"email\"]+}, user_metadata: object, identities: [Identity]+, \
          created_at: date, updated_at: date, is_anonymous: false}",
    ),
    (
        "Identity",
        "{identity_id: uuid, id: uuid, user_id: uuid, provider: \"email\", email: text, last_sign_in_at: date | null, \
          created_at: date, updated_at: date, \
          identity_data: {email: text, email_verified: true, phone_verified: false, sub: uuid}}",
    ),
    (
        "Session",
        "{access_token: text, token_type: \"bearer\", expires_in: 3600, expires_at: int, refresh_token: text, \
          user: LibraryUser}",
    ),
    (
        "Tokens",
        "{accessToken: text, refreshToken: text, expiresAt: int}",
    ),
];

/// All of them, read once.
pub(super) fn all() -> &'static Shapes {
    static READ: OnceLock<Shapes> = OnceLock::new();
    READ.get_or_init(|| Shapes::new(&NAMED))
}
