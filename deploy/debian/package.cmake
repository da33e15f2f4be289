# The Debian package, made by `./dev package`: what is installed where, and who makes what is generated.

set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)  # a package needs the programs, not their tests
set(PACKAGE_FILES ${CMAKE_BINARY_DIR}/package)
add_custom_target(package_files
  COMMAND ${CMAKE_SOURCE_DIR}/tools/package_files ${CMAKE_BINARY_DIR} ${PACKAGE_FILES} ${PROJECT_VERSION}
  DEPENDS mouthpiece elevenlabs-standin VERBATIM)

install(TARGETS mouthpiece elevenlabs-standin RUNTIME DESTINATION bin)
install(FILES deploy/systemd/mouthpiece.service deploy/systemd/mouthpiece@.service DESTINATION /lib/systemd/system)
install(FILES ${PACKAGE_FILES}/mouthpiece.env DESTINATION /etc/mouthpiece PERMISSIONS OWNER_READ OWNER_WRITE)
install(DIRECTORY ${PACKAGE_FILES}/man1 DESTINATION share/man)
install(FILES deploy/completion/mouthpiece.bash DESTINATION share/bash-completion/completions RENAME mouthpiece)
install(FILES deploy/completion/elevenlabs-standin.bash DESTINATION share/bash-completion/completions RENAME elevenlabs-standin)
install(FILES README.md docs/configuration.md docs/metrics.md docs/log.md deploy/numbers.example.toml deploy/debian/copyright ${PACKAGE_FILES}/changelog.gz DESTINATION share/doc/mouthpiece)
install(FILES deploy/debian/lintian-overrides DESTINATION share/lintian/overrides RENAME mouthpiece)
install(DIRECTORY deploy/prometheus deploy/grafana DESTINATION share/doc/mouthpiece/monitoring)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME mouthpiece)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "ElevenLabs voices for telephone calls over Twilio Media Streams")
set(CPACK_DEBIAN_PACKAGE_DESCRIPTION
"Answers Twilio's voice webhooks, opens a bidirectional Media Stream for each
call and speaks on it with an ElevenLabs voice as the audio arrives, or with an
embedded voice when there is no key or ElevenLabs fails.

With it come a simulated caller (mouthpiece call) and a stand-in for
ElevenLabs, so that all of it can be tried without an account.")
# Who builds the package answers for it, named as Debian's own tools are told (DEBFULLNAME, DEBEMAIL).
set(CPACK_PACKAGE_CONTACT "Mouthpiece maintainers <maintainers@mouthpiece.example>")
if(DEFINED ENV{DEBEMAIL})
  set(CPACK_PACKAGE_CONTACT "$ENV{DEBEMAIL}")
  if(DEFINED ENV{DEBFULLNAME})
    set(CPACK_PACKAGE_CONTACT "$ENV{DEBFULLNAME} <$ENV{DEBEMAIL}>")
  endif()
endif()
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SECTION comm)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_DEBUGINFO_PACKAGE ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_STRICT_PERMISSION ON)
set(CPACK_DEBIAN_PACKAGE_CONTROL_EXTRA
  ${CMAKE_SOURCE_DIR}/deploy/debian/conffiles
  ${CMAKE_SOURCE_DIR}/deploy/debian/postinst
  ${CMAKE_SOURCE_DIR}/deploy/debian/prerm
  ${CMAKE_SOURCE_DIR}/deploy/debian/postrm)
include(CPack)
