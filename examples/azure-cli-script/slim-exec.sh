az --version
/opt/azcopy/azcopy --version
/script.sh --version
/script.sh --dry-run
/script.sh team=red || echo "not logged in"
az account show || echo "not logged in"
az login --help
